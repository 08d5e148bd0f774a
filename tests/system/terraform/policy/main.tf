# The policy of a cluster that is there: another account may use it.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "cluster" {
  type = string
}

variable "data_plane" {
  type    = string
  default = "kafka-cluster:Connect"
}

resource "aws_msk_cluster_policy" "shared" {
  cluster_arn = var.cluster

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Shared"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action = [
        "kafka:Describe*",
        "kafka:Get*",
        "kafka:CreateVpcConnection",
        var.data_plane,
      ]
      Resource = var.cluster
    }]
  })
}

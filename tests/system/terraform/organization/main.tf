# An organization, an account in one of its units, and what that may not do.

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

variable "denied" {
  type    = string
  default = "kafka:DeleteCluster"
}

resource "aws_organizations_organization" "ours" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
}

resource "aws_organizations_organizational_unit" "teams" {
  name      = "teams"
  parent_id = aws_organizations_organization.ours.roots[0].id
  tags      = { Kind = "teams" }
}

resource "aws_organizations_account" "orders" {
  name      = "orders"
  email     = "orders@example.com"
  parent_id = aws_organizations_organizational_unit.teams.id
  role_name = "Visitor"
  tags      = { Team = "orders" }

  lifecycle {
    ignore_changes = [role_name]
  }
}

data "aws_iam_policy_document" "limits" {
  statement {
    effect    = "Deny"
    actions   = [var.denied]
    resources = ["*"]
  }
}

resource "aws_organizations_policy" "limits" {
  name    = "limits"
  type    = "SERVICE_CONTROL_POLICY"
  content = data.aws_iam_policy_document.limits.json

  depends_on = [aws_organizations_organization.ours]
}

resource "aws_organizations_policy_attachment" "limits" {
  policy_id = aws_organizations_policy.limits.id
  target_id = aws_organizations_organizational_unit.teams.id
}

output "account" {
  value = aws_organizations_account.orders.id
}

output "policy" {
  value = aws_organizations_policy.limits.arn
}

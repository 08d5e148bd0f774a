# Everything of the front door that Terraform knows.

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

variable "description" {
  type    = string
  default = "orders"
}

data "aws_caller_identity" "current" {}

resource "aws_vpc" "orders" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "orders" }
}

resource "aws_subnet" "orders" {
  count             = 2
  vpc_id            = aws_vpc.orders.id
  cidr_block        = cidrsubnet(aws_vpc.orders.cidr_block, 8, count.index)
  availability_zone = ["us-east-1a", "us-east-1b"][count.index]
  tags              = { Name = "orders-${count.index}" }
}

resource "aws_security_group" "orders" {
  name        = "orders"
  description = "brokers of orders"
  vpc_id      = aws_vpc.orders.id

  ingress {
    description = "SASL/SCRAM from itself"
    from_port   = 9096
    to_port     = 9096
    protocol    = "tcp"
    self        = true
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }

  tags = { Team = var.description }
}

resource "aws_security_group" "clients" {
  name   = "clients"
  vpc_id = aws_vpc.orders.id
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id            = aws_security_group.clients.id
  description                  = var.description
  from_port                    = 9098
  to_port                      = 9098
  ip_protocol                  = "tcp"
  referenced_security_group_id = aws_security_group.orders.id
  tags                         = { Name = "from brokers" }
}

resource "aws_security_group_rule" "clients" {
  type              = "egress"
  security_group_id = aws_security_group.clients.id
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0", "10.0.0.0/8"]
}

resource "aws_kms_key" "orders" {
  description             = var.description
  deletion_window_in_days = 7
  enable_key_rotation     = true
  tags                    = { Team = "orders" }
}

resource "aws_kms_alias" "orders" {
  name          = "alias/orders"
  target_key_id = aws_kms_key.orders.key_id
}

resource "aws_secretsmanager_secret" "orders" {
  name                    = "AmazonMSK_orders"
  description             = var.description
  kms_key_id              = aws_kms_key.orders.arn
  recovery_window_in_days = 0
  replica {
    region = "eu-west-1"
  }
}

resource "aws_secretsmanager_secret_version" "orders" {
  secret_id     = aws_secretsmanager_secret.orders.id
  secret_string = jsonencode({ username = "orders", password = "made-up" })
}

resource "aws_secretsmanager_secret_policy" "orders" {
  secret_arn = aws_secretsmanager_secret.orders.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AWSKafkaResourcePolicy"
      Effect    = "Allow"
      Principal = { Service = "kafka.amazonaws.com" }
      Action    = "secretsmanager:getSecretValue"
      Resource  = aws_secretsmanager_secret.orders.arn
    }]
  })
}

resource "aws_iam_role" "orders" {
  name        = "orders"
  description = var.description
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com", AWS = aws_iam_user.alice.arn }
      Action    = "sts:AssumeRole"
    }]
  })
  tags = { Team = "orders" }
}

resource "aws_iam_role_policy_attachment" "msk" {
  role       = aws_iam_role.orders.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
}

data "aws_iam_policy_document" "secret" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.orders.arn]
  }
  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.orders.arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.us-east-1.amazonaws.com"]
    }
  }
}

resource "aws_iam_policy" "secret" {
  name        = "orders-secret"
  path        = "/orders/"
  description = "read the secret of orders"
  policy      = data.aws_iam_policy_document.secret.json
}

resource "aws_iam_role_policy_attachment" "secret" {
  role       = aws_iam_role.orders.name
  policy_arn = aws_iam_policy.secret.arn
}

resource "aws_iam_role_policy" "logs" {
  name = "logs"
  role = aws_iam_role.orders.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "logs:*", Resource = "*" }]
  })
}

resource "aws_iam_user" "alice" {
  name          = "alice"
  force_destroy = true
  tags          = { Team = "orders" }
}

resource "aws_iam_access_key" "alice" {
  user = aws_iam_user.alice.name
}

resource "aws_iam_group" "readers" {
  name = "readers"
}

resource "aws_iam_group_membership" "readers" {
  name  = "readers"
  group = aws_iam_group.readers.name
  users = [aws_iam_user.alice.name]
}

resource "aws_iam_group_policy_attachment" "readers" {
  group      = aws_iam_group.readers.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_user_policy" "alice" {
  name = "own"
  user = aws_iam_user.alice.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "iam:GetUser", Resource = "*" }]
  })
}

resource "aws_cloudwatch_log_group" "orders" {
  name              = "/aws/lambda/orders"
  retention_in_days = 7
  tags              = { Team = "orders" }
}

resource "aws_cloudwatch_log_stream" "orders" {
  name           = "first"
  log_group_name = aws_cloudwatch_log_group.orders.name
}

output "account" {
  value = data.aws_caller_identity.current.account_id
}

# A whole trigger, as a user writes it: cluster, login, role, function, mapping.

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

variable "runtime" {
  type = string
}

variable "package" {
  type    = string
  default = "first.zip"
}

variable "shared" {
  type    = string
  default = "kafka-cluster:Connect"
}

variable "batch_size" {
  type    = number
  default = 100
}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

resource "aws_security_group" "brokers" {
  name   = "brokers"
  vpc_id = data.aws_vpc.default.id

  ingress {
    from_port = 0
    to_port   = 0
    protocol  = "-1"
    self      = true
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_kms_key" "orders" {
  description             = "logins of orders"
  deletion_window_in_days = 7
}

resource "aws_secretsmanager_secret" "orders" {
  name                    = "AmazonMSK_orders"
  kms_key_id              = aws_kms_key.orders.arn
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "orders" {
  secret_id     = aws_secretsmanager_secret.orders.id
  secret_string = jsonencode({ username = "orders", password = "made-up" })
}

resource "aws_msk_configuration" "orders" {
  name              = "orders"
  description       = "topics come by themselves"
  kafka_versions    = ["3.9.x"]
  server_properties = <<-PROPERTIES
    auto.create.topics.enable = true
    num.partitions = 2
  PROPERTIES
}

resource "aws_msk_cluster" "orders" {
  cluster_name           = "orders"
  kafka_version          = "3.9.x"
  number_of_broker_nodes = 1

  broker_node_group_info {
    instance_type   = "kafka.t3.small"
    client_subnets  = [sort(data.aws_subnets.default.ids)[0]]
    security_groups = [aws_security_group.brokers.id]

    storage_info {
      ebs_storage_info {
        volume_size = 10
      }
    }
  }

  client_authentication {
    sasl {
      scram = true
    }
  }

  encryption_info {
    encryption_in_transit {
      client_broker = "TLS"
    }
  }

  configuration_info {
    arn      = aws_msk_configuration.orders.arn
    revision = aws_msk_configuration.orders.latest_revision
  }

  tags = { Team = "orders" }
}

resource "aws_msk_scram_secret_association" "orders" {
  cluster_arn     = aws_msk_cluster.orders.arn
  secret_arn_list = [aws_secretsmanager_secret.orders.arn]
  depends_on      = [aws_secretsmanager_secret_version.orders]
}

resource "aws_msk_cluster_policy" "orders" {
  cluster_arn = aws_msk_cluster.orders.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Shared"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = ["kafka:Describe*", "kafka:Get*", "kafka:CreateVpcConnection", var.shared]
      Resource  = aws_msk_cluster.orders.arn
    }]
  })
}

resource "aws_iam_role" "orders" {
  name = "orders"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "msk" {
  role       = aws_iam_role.orders.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole"
}

resource "aws_iam_role_policy" "login" {
  name = "login"
  role = aws_iam_role.orders.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_secretsmanager_secret.orders.arn
      },
      { Effect = "Allow", Action = "kms:Decrypt", Resource = aws_kms_key.orders.arn },
    ]
  })
}

resource "aws_cloudwatch_log_group" "orders" {
  name              = "/aws/lambda/orders"
  retention_in_days = 7
}

resource "aws_lambda_function" "orders" {
  function_name    = "orders"
  description      = "handles orders"
  role             = aws_iam_role.orders.arn
  runtime          = var.runtime
  handler          = "app.handler"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  publish          = true
  timeout          = 30
  depends_on       = [aws_cloudwatch_log_group.orders, aws_iam_role_policy_attachment.msk]

  environment {
    variables = { COLOUR = "green" }
  }

  tags = { Team = "orders" }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "what handles orders"
  function_name    = aws_lambda_function.orders.function_name
  function_version = aws_lambda_function.orders.version
}

resource "aws_lambda_permission" "sns" {
  statement_id  = "sns"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.orders.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "sns.amazonaws.com"
  source_arn    = "arn:aws:sns:us-east-1:000000000000:orders"
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn                   = aws_msk_cluster.orders.arn
  function_name                      = aws_lambda_alias.live.arn
  topics                             = ["orders"]
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = 1
  depends_on                         = [aws_iam_role_policy.login, aws_msk_scram_secret_association.orders]

  amazon_managed_kafka_event_source_config {
    consumer_group_id = "handlers"
  }

  source_access_configuration {
    type = "SASL_SCRAM_512_AUTH"
    uri  = aws_secretsmanager_secret.orders.arn
  }

  filter_criteria {
    filter {
      pattern = jsonencode({ value = { kind = ["order"] } })
    }
  }

  tags = { Team = "orders" }
}

data "aws_msk_cluster" "orders" {
  cluster_name = aws_msk_cluster.orders.cluster_name
}

data "aws_msk_bootstrap_brokers" "orders" {
  cluster_arn = aws_msk_cluster.orders.arn
}

data "aws_lambda_function" "orders" {
  function_name = aws_lambda_function.orders.function_name
}

output "cluster" {
  value = data.aws_msk_cluster.orders.arn
}

output "brokers" {
  value = data.aws_msk_bootstrap_brokers.orders.bootstrap_brokers_sasl_scram
}

output "function" {
  value = data.aws_lambda_function.orders.qualified_arn
}

output "mapping" {
  value = aws_lambda_event_source_mapping.orders.uuid
}

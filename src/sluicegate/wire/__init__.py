"""DOOR to AWS clients and their protocols; the only importer of botocore and boto3."""

"""DOOR to managed Kafka processes. So far: the certificate authority their listeners will show."""

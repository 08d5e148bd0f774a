"""initial."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """initial."""
    op.create_table(
        "account_aliases",
        sa.Column("alias", sa.String(length=63), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_account_aliases")),
        sa.UniqueConstraint("account", "region", name=op.f("uq_account_aliases_account_region")),
    )
    op.create_table(
        "attachments",
        sa.Column("entity_id", sa.String(length=32), nullable=False),
        sa.Column("policy_arn", sa.String(length=2048), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("attached_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entity_id", "policy_arn", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_policy_arn"), "attachments", ["policy_arn"], unique=False)
    op.create_table(
        "authorities",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_authorities")),
    )
    op.create_table(
        "cluster_configurations",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("kafka_versions", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_configurations")),
        sa.UniqueConstraint(
            "account", "region", "name", name=op.f("uq_cluster_configurations_account_region_name")
        ),
    )
    op.create_table(
        "clusters",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("creator_arn", sa.String(length=2048), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("kafka_version", sa.String(length=128), nullable=False),
        sa.Column("node_count", sa.Integer(), nullable=False),
        sa.Column("subnet_ids", sa.Text(), nullable=False),
        sa.Column("security_group_ids", sa.Text(), nullable=False),
        sa.Column("security", sa.Text(), nullable=False),
        sa.Column("configuration_arn", sa.String(length=2048), nullable=True),
        sa.Column("configuration_revision", sa.BigInteger(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("volume_key_arn", sa.String(length=2048), nullable=False),
        sa.Column("volume_grant_id", sa.String(length=128), nullable=False),
        sa.Column("current_version", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_code", sa.String(length=128), nullable=True),
        sa.Column("state_message", sa.Text(), nullable=True),
        sa.Column("running_version", sa.String(length=32), nullable=True),
        sa.Column("kafka_id", sa.String(length=32), nullable=True),
        sa.Column("applied_revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clusters")),
        sa.UniqueConstraint(
            "account", "region", "name", name=op.f("uq_clusters_account_region_name")
        ),
    )
    op.create_table(
        "dhcp_options",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dhcp_options")),
        sa.UniqueConstraint("account", "region", name=op.f("uq_dhcp_options_account_region")),
    )
    op.create_index(
        op.f("ix_dhcp_options_account_region"), "dhcp_options", ["account", "region"], unique=False
    )
    op.create_table(
        "epoch",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_epoch")),
    )
    op.create_table(
        "event_source_mappings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("function_id", sa.String(length=36), nullable=False),
        sa.Column("function_arn", sa.String(length=512), nullable=False),
        sa.Column("event_source_arn", sa.String(length=2048), nullable=True),
        sa.Column("bootstrap_servers", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(length=249), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("group_id", sa.String(length=200), nullable=False),
        sa.Column("starting_position", sa.String(length=16), nullable=False),
        sa.Column("starting_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column("window_seconds", sa.Integer(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("sealed_filters", sa.LargeBinary(), nullable=True),
        sa.Column("kms_key_arn", sa.String(length=2048), nullable=False),
        sa.Column("destination", sa.String(length=350), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_modified_ms", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_transition_reason", sa.String(length=64), nullable=False),
        sa.Column("last_processing_result", sa.Text(), nullable=False),
        sa.Column("applied_revision", sa.BigInteger(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=True),
        sa.Column("interface_ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_source_mappings")),
    )
    op.create_index(
        op.f("ix_event_source_mappings_account_region"),
        "event_source_mappings",
        ["account", "region"],
        unique=False,
    )
    op.create_table(
        "functions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("next_version", sa.Integer(), nullable=False),
        sa.Column("reserved_concurrency", sa.Integer(), nullable=True),
        sa.Column("recursive_loop", sa.String(length=16), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_functions")),
        sa.UniqueConstraint(
            "account", "region", "name", name=op.f("uq_functions_account_region_name")
        ),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint(
            "account", "region", "name_key", name=op.f("uq_groups_account_region_name_key")
        ),
    )
    op.create_table(
        "health",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("probed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_health")),
    )
    op.create_table(
        "inline_policies",
        sa.Column("entity_id", sa.String(length=32), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entity_id", "name_key", name=op.f("pk_inline_policies")),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("description", sa.String(length=8192), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("material_id", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("deletion_ms", sa.BigInteger(), nullable=True),
        sa.Column("rotation_days", sa.Integer(), nullable=True),
        sa.Column("rotates_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
    )
    op.create_index(
        op.f("ix_keys_account_region_id"), "keys", ["account", "region", "id"], unique=False
    )
    op.create_table(
        "log_groups",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("log_class", sa.String(length=32), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("kms_key_arn", sa.String(length=2048), nullable=True),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_groups")),
        sa.UniqueConstraint(
            "account", "region", "name", name=op.f("uq_log_groups_account_region_name")
        ),
    )
    op.create_table(
        "log_resource_policies",
        sa.Column("revision", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_log_resource_policies")),
        sa.UniqueConstraint(
            "account",
            "region",
            "group_id",
            "name",
            name=op.f("uq_log_resource_policies_account_region_group_id_name"),
        ),
    )
    op.create_table(
        "network_regions",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", name=op.f("pk_network_regions")),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=True),
        sa.Column("default_version", sa.Integer(), nullable=False),
        sa.Column("latest_version", sa.Integer(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint(
            "account", "region", "name_key", name=op.f("uq_policies_account_region_name_key")
        ),
    )
    op.create_table(
        "role_deletions",
        sa.Column("id", sa.String(length=1000), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_deletions")),
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("boundary_arn", sa.String(length=2048), nullable=True),
        sa.Column("trust", sa.Text(), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=True),
        sa.Column("max_session_seconds", sa.Integer(), nullable=False),
        sa.Column("max_signin_seconds", sa.Integer(), nullable=True),
        sa.Column("last_used_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_used_region", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint(
            "account", "region", "name_key", name=op.f("uq_roles_account_region_name_key")
        ),
    )
    op.create_index(op.f("ix_roles_boundary_arn"), "roles", ["boundary_arn"], unique=False)
    op.create_table(
        "secrets",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("suffix", sa.String(length=6), nullable=False),
        sa.Column("description", sa.String(length=2048), nullable=True),
        sa.Column("kms_key", sa.String(length=2048), nullable=True),
        sa.Column("type", sa.String(length=256), nullable=True),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("is_tagged", sa.Boolean(), nullable=False),
        sa.Column("primary_region", sa.String(length=32), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("accessed_ms", sa.BigInteger(), nullable=True),
        sa.Column("deletion_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secrets")),
        sa.UniqueConstraint(
            "account", "region", "name", name=op.f("uq_secrets_account_region_name")
        ),
    )
    op.create_table(
        "tags",
        sa.Column("resource", sa.String(length=2048), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("resource", "key", name=op.f("pk_tags")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("boundary_arn", sa.String(length=2048), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint(
            "account", "region", "name_key", name=op.f("uq_users_account_region_name_key")
        ),
    )
    op.create_index(op.f("ix_users_boundary_arn"), "users", ["boundary_arn"], unique=False)
    op.create_table(
        "access_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_used_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_used_region", sa.String(length=32), nullable=True),
        sa.Column("last_used_service", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_access_keys_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_keys")),
    )
    op.create_index(op.f("ix_access_keys_user_id"), "access_keys", ["user_id"], unique=False)
    op.create_table(
        "async_invocations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("function_id", sa.String(length=36), nullable=False),
        sa.Column("qualifier", sa.String(length=128), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("throttles", sa.Integer(), nullable=False),
        sa.Column("accepted_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["function_id"], ["functions.id"], name=op.f("fk_async_invocations_function_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_async_invocations")),
    )
    op.create_index(
        op.f("ix_async_invocations_due_ms"), "async_invocations", ["due_ms"], unique=False
    )
    op.create_index(
        op.f("ix_async_invocations_function_id"), "async_invocations", ["function_id"], unique=False
    )
    op.create_table(
        "cluster_nodes",
        sa.Column("cluster_id", sa.String(length=48), nullable=False),
        sa.Column("node_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("ports", sa.Text(), nullable=False),
        sa.Column("subnet_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("added_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["clusters.id"], name=op.f("fk_cluster_nodes_cluster_id")
        ),
        sa.PrimaryKeyConstraint("cluster_id", "node_id", name=op.f("pk_cluster_nodes")),
    )
    op.create_table(
        "cluster_operations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("cluster_id", sa.String(length=48), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["clusters.id"], name=op.f("fk_cluster_operations_cluster_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_operations")),
    )
    op.create_index(
        op.f("ix_cluster_operations_cluster_id"), "cluster_operations", ["cluster_id"], unique=False
    )
    op.create_table(
        "configuration_revisions",
        sa.Column("configuration_id", sa.String(length=48), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["configuration_id"],
            ["cluster_configurations.id"],
            name=op.f("fk_configuration_revisions_configuration_id"),
        ),
        sa.PrimaryKeyConstraint(
            "configuration_id", "revision", name=op.f("pk_configuration_revisions")
        ),
    )
    op.create_table(
        "event_invoke_configs",
        sa.Column("function_id", sa.String(length=36), nullable=False),
        sa.Column("qualifier", sa.String(length=128), nullable=False),
        sa.Column("most_retries", sa.Integer(), nullable=True),
        sa.Column("most_age_seconds", sa.Integer(), nullable=True),
        sa.Column("modified_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["function_id"], ["functions.id"], name=op.f("fk_event_invoke_configs_function_id")
        ),
        sa.PrimaryKeyConstraint("function_id", "qualifier", name=op.f("pk_event_invoke_configs")),
    )
    op.create_table(
        "function_aliases",
        sa.Column("function_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("description", sa.String(length=256), nullable=False),
        sa.Column("other_version", sa.String(length=16), nullable=False),
        sa.Column("other_weight", sa.Float(), nullable=False),
        sa.Column("revision", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["function_id"], ["functions.id"], name=op.f("fk_function_aliases_function_id")
        ),
        sa.PrimaryKeyConstraint("function_id", "name", name=op.f("pk_function_aliases")),
    )
    op.create_table(
        "function_policies",
        sa.Column("function_id", sa.String(length=36), nullable=False),
        sa.Column("qualifier", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("revision", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["function_id"], ["functions.id"], name=op.f("fk_function_policies_function_id")
        ),
        sa.PrimaryKeyConstraint("function_id", "qualifier", name=op.f("pk_function_policies")),
    )
    op.create_table(
        "function_versions",
        sa.Column("function_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("revision", sa.String(length=36), nullable=False),
        sa.Column("description", sa.String(length=256), nullable=False),
        sa.Column("runtime", sa.String(length=64), nullable=False),
        sa.Column("handler", sa.String(length=128), nullable=False),
        sa.Column("role_arn", sa.String(length=2048), nullable=False),
        sa.Column("package", sa.String(length=64), nullable=False),
        sa.Column("code_bytes", sa.BigInteger(), nullable=False),
        sa.Column("architecture", sa.String(length=16), nullable=False),
        sa.Column("memory_mb", sa.Integer(), nullable=False),
        sa.Column("ephemeral_mb", sa.Integer(), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("tracing", sa.String(length=16), nullable=False),
        sa.Column("log_format", sa.String(length=8), nullable=False),
        sa.Column("log_level", sa.String(length=8), nullable=False),
        sa.Column("system_log_level", sa.String(length=8), nullable=False),
        sa.Column("log_group", sa.String(length=512), nullable=False),
        sa.Column("environment", sa.LargeBinary(), nullable=True),
        sa.Column("kms_key", sa.String(length=2048), nullable=False),
        sa.Column("grant_id", sa.String(length=64), nullable=False),
        sa.Column("grant_key", sa.String(length=2048), nullable=False),
        sa.Column("vpc_id", sa.String(length=32), nullable=False),
        sa.Column("subnet_ids", sa.Text(), nullable=False),
        sa.Column("security_group_ids", sa.Text(), nullable=False),
        sa.Column("is_dual_stack", sa.Boolean(), nullable=False),
        sa.Column("modified_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["function_id"], ["functions.id"], name=op.f("fk_function_versions_function_id")
        ),
        sa.PrimaryKeyConstraint("function_id", "version", name=op.f("pk_function_versions")),
    )
    op.create_index(
        op.f("ix_function_versions_package"), "function_versions", ["package"], unique=False
    )
    op.create_table(
        "key_aliases",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("key_id", sa.String(length=36), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_key_aliases_key_id")),
        sa.PrimaryKeyConstraint("account", "region", "name", name=op.f("pk_key_aliases")),
    )
    op.create_index(op.f("ix_key_aliases_key_id"), "key_aliases", ["key_id"], unique=False)
    op.create_table(
        "key_grants",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=True),
        sa.Column("grantee", sa.String(length=256), nullable=False),
        sa.Column("grantee_id", sa.String(length=64), nullable=False),
        sa.Column("retiring", sa.String(length=256), nullable=False),
        sa.Column("retiring_id", sa.String(length=64), nullable=False),
        sa.Column("issuing_account", sa.String(length=2048), nullable=False),
        sa.Column("operations", sa.Text(), nullable=False),
        sa.Column("constraints", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_key_grants_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_grants")),
    )
    op.create_index(op.f("ix_key_grants_key_id"), "key_grants", ["key_id"], unique=False)
    op.create_index(op.f("ix_key_grants_retiring"), "key_grants", ["retiring"], unique=False)
    op.create_table(
        "key_materials",
        sa.Column("key_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rotation", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_key_materials_key_id")),
        sa.PrimaryKeyConstraint("key_id", "id", name=op.f("pk_key_materials")),
        sa.UniqueConstraint("key_id", "position", name=op.f("uq_key_materials_key_id_position")),
    )
    op.create_table(
        "log_streams",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["log_groups.id"], name=op.f("fk_log_streams_group_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_streams")),
        sa.UniqueConstraint(
            "group_id",
            "name",
            "account",
            "region",
            name=op.f("uq_log_streams_group_id_name_account_region"),
        ),
    )
    op.create_table(
        "login_profiles",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("password", sa.LargeBinary(), nullable=False),
        sa.Column("must_reset", sa.Boolean(), nullable=False),
        sa.Column("max_signin_seconds", sa.Integer(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_profiles_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_login_profiles")),
    )
    op.create_table(
        "mapping_leases",
        sa.Column("mapping_id", sa.String(length=36), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mapping_id"], ["event_source_mappings.id"], name=op.f("fk_mapping_leases_mapping_id")
        ),
        sa.PrimaryKeyConstraint("mapping_id", name=op.f("pk_mapping_leases")),
    )
    op.create_table(
        "mapping_progress",
        sa.Column("mapping_id", sa.String(length=36), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("committed", sa.BigInteger(), nullable=True),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("in_flight", sa.Integer(), nullable=False),
        sa.Column("last_result", sa.Text(), nullable=False),
        sa.Column("retry", sa.Integer(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mapping_id"],
            ["event_source_mappings.id"],
            name=op.f("fk_mapping_progress_mapping_id"),
        ),
        sa.PrimaryKeyConstraint("mapping_id", "partition", name=op.f("pk_mapping_progress")),
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("joined_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_memberships_group_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("user_id", "group_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_group_id"), "memberships", ["group_id"], unique=False)
    op.create_table(
        "policy_versions",
        sa.Column("policy_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policies.id"], name=op.f("fk_policy_versions_policy_id")
        ),
        sa.PrimaryKeyConstraint("policy_id", "version", name=op.f("pk_policy_versions")),
    )
    op.create_table(
        "scram_secrets",
        sa.Column("cluster_id", sa.String(length=48), nullable=False),
        sa.Column("secret_arn", sa.String(length=2048), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("associated_ms", sa.BigInteger(), nullable=False),
        sa.Column("key_arn", sa.String(length=2048), nullable=False),
        sa.Column("grant_id", sa.String(length=128), nullable=False),
        sa.Column("wanted", sa.String(length=16), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("version_id", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["clusters.id"], name=op.f("fk_scram_secrets_cluster_id")
        ),
        sa.PrimaryKeyConstraint("cluster_id", "secret_arn", name=op.f("pk_scram_secrets")),
    )
    op.create_index(
        op.f("ix_scram_secrets_secret_arn"), "scram_secrets", ["secret_arn"], unique=False
    )
    op.create_table(
        "secret_replicas",
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("replica_id", sa.String(length=36), nullable=True),
        sa.Column("kms_key", sa.String(length=2048), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["replica_id"], ["secrets.id"], name=op.f("fk_secret_replicas_replica_id")
        ),
        sa.ForeignKeyConstraint(
            ["secret_id"], ["secrets.id"], name=op.f("fk_secret_replicas_secret_id")
        ),
        sa.PrimaryKeyConstraint("secret_id", "region", name=op.f("pk_secret_replicas")),
        sa.UniqueConstraint("replica_id", name=op.f("uq_secret_replicas_replica_id")),
    )
    op.create_table(
        "secret_stages",
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.Column("stage", sa.String(length=256), nullable=False),
        sa.Column("version_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["secret_id"], ["secrets.id"], name=op.f("fk_secret_stages_secret_id")
        ),
        sa.PrimaryKeyConstraint("secret_id", "stage", name=op.f("pk_secret_stages")),
    )
    op.create_table(
        "secret_versions",
        sa.Column("secret_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kms_key", sa.String(length=2048), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("accessed_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["secret_id"], ["secrets.id"], name=op.f("fk_secret_versions_secret_id")
        ),
        sa.PrimaryKeyConstraint("secret_id", "id", name=op.f("pk_secret_versions")),
    )
    op.create_table(
        "vpcs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("cidr", sa.String(length=18), nullable=False),
        sa.Column("cidr_association_id", sa.String(length=40), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("slot", sa.String(length=32), nullable=False),
        sa.Column("tenancy", sa.String(length=16), nullable=False),
        sa.Column("dhcp_options_id", sa.String(length=32), nullable=False),
        sa.Column("dns_support", sa.Boolean(), nullable=False),
        sa.Column("dns_hostnames", sa.Boolean(), nullable=False),
        sa.Column("usage_metrics", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dhcp_options_id"], ["dhcp_options.id"], name=op.f("fk_vpcs_dhcp_options_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vpcs")),
        sa.UniqueConstraint("account", "region", "slot", name=op.f("uq_vpcs_account_region_slot")),
    )
    op.create_index(op.f("ix_vpcs_account_region"), "vpcs", ["account", "region"], unique=False)
    op.create_table(
        "internet_gateways",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.id"], name=op.f("fk_internet_gateways_vpc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_internet_gateways")),
        sa.UniqueConstraint("vpc_id", name=op.f("uq_internet_gateways_vpc_id")),
    )
    op.create_index(
        op.f("ix_internet_gateways_account_region"),
        "internet_gateways",
        ["account", "region"],
        unique=False,
    )
    op.create_table(
        "network_acls",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.id"], name=op.f("fk_network_acls_vpc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_acls")),
        sa.UniqueConstraint("vpc_id", name=op.f("uq_network_acls_vpc_id")),
    )
    op.create_index(
        op.f("ix_network_acls_account_region"), "network_acls", ["account", "region"], unique=False
    )
    op.create_table(
        "route_tables",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.String(length=32), nullable=False),
        sa.Column("association_id", sa.String(length=40), nullable=False),
        sa.Column("gateway_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.id"], name=op.f("fk_route_tables_vpc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_tables")),
        sa.UniqueConstraint("vpc_id", name=op.f("uq_route_tables_vpc_id")),
    )
    op.create_index(
        op.f("ix_route_tables_account_region"), "route_tables", ["account", "region"], unique=False
    )
    op.create_table(
        "security_groups",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.id"], name=op.f("fk_security_groups_vpc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_groups")),
        sa.UniqueConstraint("vpc_id", "name", name=op.f("uq_security_groups_vpc_id_name")),
    )
    op.create_index(
        op.f("ix_security_groups_account_region"),
        "security_groups",
        ["account", "region"],
        unique=False,
    )
    op.create_table(
        "subnets",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.String(length=32), nullable=False),
        sa.Column("cidr", sa.String(length=18), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("map_public_ip", sa.Boolean(), nullable=False),
        sa.Column("hostname_type", sa.String(length=16), nullable=False),
        sa.Column("dns_a_record", sa.Boolean(), nullable=False),
        sa.Column("acl_association_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.id"], name=op.f("fk_subnets_vpc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subnets")),
        sa.UniqueConstraint("vpc_id", "cidr", name=op.f("uq_subnets_vpc_id_cidr")),
    )
    op.create_index(
        op.f("ix_subnets_account_region"), "subnets", ["account", "region"], unique=False
    )
    op.create_table(
        "network_interfaces",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("vpc_id", sa.String(length=32), nullable=False),
        sa.Column("subnet_id", sa.String(length=32), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("mac", sa.String(length=17), nullable=False),
        sa.Column("source_dest_check", sa.Boolean(), nullable=False),
        sa.Column("requester_id", sa.String(length=128), nullable=False),
        sa.Column("client_token", sa.String(length=64), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("attachment_id", sa.String(length=40), nullable=True),
        sa.Column("attached_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subnet_id"], ["subnets.id"], name=op.f("fk_network_interfaces_subnet_id")
        ),
        sa.ForeignKeyConstraint(["vpc_id"], ["vpcs.id"], name=op.f("fk_network_interfaces_vpc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_interfaces")),
        sa.UniqueConstraint(
            "account",
            "region",
            "client_token",
            name=op.f("uq_network_interfaces_account_region_client_token"),
        ),
    )
    op.create_index(
        op.f("ix_network_interfaces_account_region"),
        "network_interfaces",
        ["account", "region"],
        unique=False,
    )
    op.create_table(
        "security_group_rules",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("is_egress", sa.Boolean(), nullable=False),
        sa.Column("protocol", sa.String(length=8), nullable=False),
        sa.Column("from_port", sa.Integer(), nullable=False),
        sa.Column("to_port", sa.Integer(), nullable=False),
        sa.Column("peer_kind", sa.String(length=16), nullable=False),
        sa.Column("peer", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["security_groups.id"], name=op.f("fk_security_group_rules_group_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_group_rules")),
        sa.UniqueConstraint(
            "group_id",
            "is_egress",
            "protocol",
            "from_port",
            "to_port",
            "peer_kind",
            "peer",
            name=op.f(
                "uq_security_group_rules_group_id_is_egress_protocol_from_port_to_port_peer_kind_peer"
            ),
        ),
    )
    op.create_index(
        op.f("ix_security_group_rules_account_region"),
        "security_group_rules",
        ["account", "region"],
        unique=False,
    )
    op.create_index(
        op.f("ix_security_group_rules_peer"), "security_group_rules", ["peer"], unique=False
    )
    op.create_table(
        "interface_addresses",
        sa.Column("subnet_id", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=15), nullable=False),
        sa.Column("interface_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interface_id"],
            ["network_interfaces.id"],
            name=op.f("fk_interface_addresses_interface_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subnet_id"], ["subnets.id"], name=op.f("fk_interface_addresses_subnet_id")
        ),
        sa.PrimaryKeyConstraint("subnet_id", "address", name=op.f("pk_interface_addresses")),
    )
    op.create_index(
        op.f("ix_interface_addresses_interface_id"),
        "interface_addresses",
        ["interface_id"],
        unique=False,
    )
    op.create_table(
        "interface_groups",
        sa.Column("interface_id", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["security_groups.id"], name=op.f("fk_interface_groups_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["interface_id"],
            ["network_interfaces.id"],
            name=op.f("fk_interface_groups_interface_id"),
        ),
        sa.PrimaryKeyConstraint("interface_id", "group_id", name=op.f("pk_interface_groups")),
    )
    op.create_index(
        op.f("ix_interface_groups_group_id"), "interface_groups", ["group_id"], unique=False
    )

"""DOOR to managed Kafka processes: jars, configuration text, certificates, processes.

    installation = installation.install(settings.cache_folder, settings.jars_folder, progress)
    endpoints = addresses.choose(kafka_id, [1, 2, 3], taken)
    certificate = authority.issue(database, vault, clock, endpoint, host_name)
    node = nodes.start(installation, plan, secrets, certificate)

Nothing is imported here: the api child comes for the authority alone.
"""

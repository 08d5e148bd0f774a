"""`sluicegate kafka`: topics, records and configurations of clients, for a first look.

An ordinary client of MSK and Secrets Manager, and then of the brokers.
"""

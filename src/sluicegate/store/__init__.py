"""DOOR to state: one file per noun, its table and its queries; the only importer of SQLAlchemy."""

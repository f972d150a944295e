"""One file per migration; Alembic reads them by their place."""

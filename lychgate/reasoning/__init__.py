"""Pure cores on plain records, each usable and tested alone: they import nothing of the rest."""

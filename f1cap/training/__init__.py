"""How the bundled dataset and checkpoints are made; no other package imports this one."""

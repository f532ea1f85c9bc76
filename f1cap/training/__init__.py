"""How the bundled dataset and the mini checkpoints are made; nothing else imports this room."""

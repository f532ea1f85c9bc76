"""The use case `bench`: what each model costs on this machine, measured in its own process."""

"""What keys do: the registry of actions, what a deed asks first, the deeds themselves."""

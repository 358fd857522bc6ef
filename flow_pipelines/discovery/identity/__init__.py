"""Identity: which records are one asset, how sure that is, and which of their values are kept.

Belongs here: one module per step of the inventory phase, from folding details to survivorship. Does not: the phase
itself (`discovery/inventory.py`), and its weights and rules (`reference/identity_model.yaml`).
"""

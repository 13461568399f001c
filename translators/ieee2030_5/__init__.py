"""IEEE 2030.5 documents in and out; what they mean stands in `mappings/ieee2030_5`, not here."""

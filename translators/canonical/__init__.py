"""The canonical DER model, frozen, in the generator frame (+P exports, +Q injects); no protocol's words."""

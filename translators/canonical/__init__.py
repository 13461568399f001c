"""The canonical DER model: frozen values in the generator frame (+P exports, +Q injects); no protocol's words."""

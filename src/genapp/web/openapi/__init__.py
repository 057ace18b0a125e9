"""What programs can ask of the site: one document, written by hand where the code does not say it by itself."""

from genapp.web.openapi.document import document, method_of, path_of
from genapp.web.openapi.route import ROUTES

__all__ = ["ROUTES", "document", "method_of", "path_of"]

"""Where answers come from. One small adapter a wire format, one line a vendor (`vendors.py`).

Knows no models, no web and no settings: keys and addresses come by constructor.
"""

from __future__ import annotations

from genapp.providers.contract import Delta, Finish, FinishReason, Message, Provider, Role, Text, Usage
from genapp.providers.errors import PermanentError, ProviderError, TransientError
from genapp.providers.registry import ProviderConfig, Providers
from genapp.providers.vendors import VENDORS, Vendor

__all__ = [
    "VENDORS",
    "Delta",
    "Finish",
    "FinishReason",
    "Message",
    "PermanentError",
    "Provider",
    "ProviderConfig",
    "ProviderError",
    "Providers",
    "Role",
    "Text",
    "TransientError",
    "Usage",
    "Vendor",
]

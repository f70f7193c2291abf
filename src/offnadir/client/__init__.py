"""A client of the service: order a picture, wait for it, fetch it."""

from offnadir.client._client import Client
from offnadir.client._errors import ServiceError
from offnadir.client._models import Opportunity, Order, Product, Quote, Reasons, Status

__all__ = [
    "Client",
    "Opportunity",
    "Order",
    "Product",
    "Quote",
    "Reasons",
    "ServiceError",
    "Status",
]

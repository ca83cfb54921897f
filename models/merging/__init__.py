"""Making one model of two: what becomes of each weight, computed when it is used, without a copy of either model."""

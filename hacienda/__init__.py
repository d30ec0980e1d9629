"""Hacienda: one environment file in, a highly available OpenStack cloud out."""

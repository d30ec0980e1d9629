"""A small typed framework for Terraform providers: values, schema, operations, server. It knows nothing about
clouds."""

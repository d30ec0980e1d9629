"""Messages of Terraform's plugin protocol 6 that we speak; `tfplugin6_pb2*` is generated (see `tfplugin6.proto`)."""

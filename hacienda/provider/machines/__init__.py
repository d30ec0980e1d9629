"""The lab's machines: `hacienda_incus_network`, `hacienda_incus_image` and `hacienda_incus_instance`."""

"""One reason not to show a product a file: `allows(context, request) -> bool mask` over the candidates; `keep` joins them."""

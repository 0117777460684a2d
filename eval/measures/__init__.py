"""What is measured: one file a measure, each with its paper and its rule where there is nothing to measure."""

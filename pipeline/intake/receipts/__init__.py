"""What the sender is told: as JSON, as a page, as a workbook with the cells marked."""

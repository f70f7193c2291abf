"""Operations: the mission loop, from orders to deliveries, on a clock."""

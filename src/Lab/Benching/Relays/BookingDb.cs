using Microsoft.EntityFrameworkCore;

namespace Lab.Benching.Relays;

/// <summary>The business data of the bench: what a transaction writes beside its message.</summary>
internal sealed class BookingDb(DbContextOptions<BookingDb> options) : DbContext(options)
{
    public DbSet<Booking> Bookings => Set<Booking>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Booking>(booking =>
    {
        booking.ToTable("bookings");
        booking.Property(b => b.Id).HasColumnName("id").ValueGeneratedNever();
        booking.Property(b => b.Note).HasColumnName("note");
    });
}

/// <summary>A row of it.</summary>
internal sealed class Booking
{
    public required Guid Id { get; init; }

    public required string Note { get; init; }
}

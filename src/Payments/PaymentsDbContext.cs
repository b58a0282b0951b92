using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Payments.ReactingToEvents;

namespace Payments;

/// <summary>The schema <c>payments</c>; the tables themselves are made by the scripts in <c>Schema</c>.</summary>
internal sealed class PaymentsDbContext(DbContextOptions<PaymentsDbContext> options) : DbContext(options)
{
    private bool _hasWork;

    public DbSet<Payment> Payments => Set<Payment>();

    public DbSet<Bill> Bills => Set<Bill>();

    /// <summary>
    /// True when a payment has been saved since the last call that the worker is to take up. Instances are pooled: one left over from a
    /// scope that was rolled back costs the worker a look.
    /// </summary>
    public bool TakeWork()
    {
        var had = _hasWork;
        _hasWork = false;
        return had;
    }

    /// <inheritdoc/>
    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        _hasWork |= ChangeTracker.Entries<Payment>()
            .Any(entry => entry.State is EntityState.Added or EntityState.Modified && entry.Entity.DueAt is not null);
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema("payments");
        modelBuilder.Entity<Payment>(payment =>
        {
            payment.ToTable("payments").HasKey(row => row.OrderId);
            payment.Property(row => row.OrderId).ValueGeneratedNever();
            // Beside the version: a claim commits without waiting for the disk, and after a crash of the server its number is given again.
            payment.Property(row => row.State).HasConversion<string>().IsConcurrencyToken();
        });
        modelBuilder.Entity<Bill>(bill =>
        {
            bill.ToTable("bills").HasKey(row => row.OrderId);
            bill.Property(row => row.OrderId).ValueGeneratedNever();
            bill.Property(row => row.Stock).HasConversion<string>();
        });
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
            property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        modelBuilder.Entity<Payment>().Property(row => row.Version).HasColumnName("xmin").IsRowVersion();
        modelBuilder.Entity<Bill>().Property(row => row.Version).HasColumnName("xmin").IsRowVersion();
    }
}

using System.Text.Json;
using Inventory.Stock;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Shared.Contracts;

namespace Inventory;

/// <summary>The schema <c>inventory</c>; the tables themselves are made by the scripts in <c>Schema</c>.</summary>
internal sealed class InventoryDbContext(DbContextOptions<InventoryDbContext> options) : DbContext(options)
{
    /// <summary>Changes to a level are written as differences. See <see cref="StockWriter"/>.</summary>
    public DbSet<StockLevel> Stock => Set<StockLevel>();

    public DbSet<Reservation> Reservations => Set<Reservation>();

    public DbSet<Movement> Movements => Set<Movement>();

    /// <inheritdoc/>
    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default) =>
        await StockWriter.WriteAsync(this, cancellationToken)
        + await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema("inventory");
        modelBuilder.Entity<StockLevel>().ToTable("stock").HasKey(level => level.Sku);
        modelBuilder.Entity<Movement>().ToTable("movements").HasKey(movement => movement.MovementId);
        modelBuilder.Entity<Reservation>(reservation =>
        {
            reservation.ToTable("reservations").HasKey(row => row.OrderId);
            reservation.Property(row => row.OrderId).ValueGeneratedNever();
            reservation.Property(row => row.Lines).HasColumnType("jsonb").HasConversion(
                lines => JsonSerializer.Serialize(lines, JsonSerializerOptions.Web),
                text => JsonSerializer.Deserialize<IReadOnlyList<StockLine>>(text, JsonSerializerOptions.Web)!,
                // The list is never changed in place.
                ValueComparer.CreateDefault<IReadOnlyList<StockLine>>(favorStructuralComparisons: false));
        });
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
            property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
    }
}

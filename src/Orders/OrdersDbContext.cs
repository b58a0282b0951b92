using System.Text.Json;
using Messaging.Postgres;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Npgsql;
using Orders.Catalog;
using Orders.FulfillingAnOrder;
using Orders.PlacingAnOrder;
using Orders.ReadingOrders;

namespace Orders;

/// <summary>The schema <c>orders</c>; the tables themselves are made by the scripts in <c>Schema</c>.</summary>
internal sealed class OrdersDbContext(DbContextOptions<OrdersDbContext> options) : DbContext(options), IWriteAtCommit
{
    private (int Lease, OrderViewChanges Changes) _gathered = (-1, new OrderViewChanges());

    public DbSet<Product> Products => Set<Product>();

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<Fulfilment> Fulfilments => Set<Fulfilment>();

    public DbSet<OrderView> OrderViews => Set<OrderView>();

    /// <summary>
    /// What the messages of this scope change in <see cref="OrderViews"/>; written by SaveChanges. Instances are pooled: what a scope
    /// that was rolled back has gathered ends with its lease, and must not be written by the next.
    /// </summary>
    public OrderViewChanges OrderViewChanges
    {
        get
        {
            if (_gathered.Lease != ContextId.Lease)
                _gathered = (ContextId.Lease, new OrderViewChanges());
            return _gathered.Changes;
        }
    }

    /// <inheritdoc/>
    public void Write(NpgsqlBatch batch) => OrderViewChanges.Write(batch);

    /// <inheritdoc/>
    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default) =>
        await OrderViewChanges.WriteAsync(Database, cancellationToken)
        + await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema("orders");
        modelBuilder.Entity<Product>().HasKey(product => product.Sku);
        modelBuilder.Entity<Order>(order =>
        {
            order.HasKey(row => row.OrderId);
            order.Property(row => row.OrderId).ValueGeneratedNever();
            order.Property(row => row.State).IsConcurrencyToken();
            Json(order.Property(row => row.Lines));
        });
        modelBuilder.Entity<Fulfilment>(fulfilment =>
        {
            fulfilment.HasKey(row => row.CorrelationId);
            fulfilment.Property(row => row.CorrelationId).HasColumnName("order_id").ValueGeneratedNever();
            fulfilment.Property(row => row.CurrentState).HasColumnName("state");
            fulfilment.Property(row => row.Version).HasColumnName("xmin").IsRowVersion();
        });
        modelBuilder.Entity<OrderView>(view =>
        {
            view.HasKey(row => row.OrderId);
            Json(view.Property(row => row.Lines));
            Json(view.Property(row => row.Timeline));
        });
        UseSnakeCase(modelBuilder);
    }

    private static void Json<T>(Microsoft.EntityFrameworkCore.Metadata.Builders.PropertyBuilder<T> property) =>
        property.HasColumnType("jsonb").HasConversion(
            value => JsonSerializer.Serialize(value, JsonSerializerOptions.Web),
            text => JsonSerializer.Deserialize<T>(text, JsonSerializerOptions.Web)!,
            // The lists are never changed in place.
            ValueComparer.CreateDefault<T>(favorStructuralComparisons: false));

    private static void UseSnakeCase(ModelBuilder modelBuilder)
    {
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            entity.SetTableName(JsonNamingPolicy.SnakeCaseLower.ConvertName(entity.GetTableName()!));
            foreach (var property in entity.GetProperties().Where(property => property.FindAnnotation("Relational:ColumnName") is null))
                property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        }
    }
}

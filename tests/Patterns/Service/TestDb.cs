using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Patterns;

/// <summary>A service's DbContext as services write it: an ordinary entity and a saga, both guarded by xmin.</summary>
public sealed class TestDb(DbContextOptions<TestDb> options) : DbContext(options)
{
    public DbSet<Thing> Things => Set<Thing>();

    public DbSet<Journey> Journeys => Set<Journey>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Thing>(thing =>
        {
            thing.ToTable("things");
            thing.Property(t => t.Id).HasColumnName("id");
            thing.Property(t => t.Count).HasColumnName("count");
            thing.Property(t => t.Version).IsRowVersion();
        });
        modelBuilder.Entity<Journey>(journey =>
        {
            journey.ToTable("journeys").HasKey(j => j.CorrelationId);
            journey.Property(j => j.CorrelationId).HasColumnName("correlation_id").ValueGeneratedNever();
            journey.Property(j => j.CurrentState).HasColumnName("current_state");
            journey.Property(j => j.Steps).HasColumnName("steps");
            journey.Property(j => j.Version).IsRowVersion();
        });
    }
}

public sealed class Thing
{
    public required string Id { get; init; }

    public int Count { get; set; }

    public uint Version { get; set; }
}

public sealed class Journey : SagaStateMachineInstance
{
    public Guid CorrelationId { get; set; }

    public string CurrentState { get; set; } = "Initial";

    public int Steps { get; set; }

    public uint Version { get; set; }
}

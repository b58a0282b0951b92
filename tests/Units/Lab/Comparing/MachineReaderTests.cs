using Lab.Comparing.Measuring;

namespace Units.Lab.Comparing;

public sealed class MachineReaderTests
{
    private static readonly string[] Mounts =
    [
        "proc /proc proc rw 0 0",
        "/dev/vda / ext4 rw,relatime 0 0",
        "tmpfs /tmp tmpfs rw 0 0",
        "/dev/vdb /tmp/my\\040data xfs rw 0 0",
        "broken",
    ];

    [Theory]
    [InlineData("/var/lib", "ext4")]
    [InlineData("/tmp", "tmpfs")]
    [InlineData("/tmp/", "tmpfs")]
    [InlineData("/tmp/run", "tmpfs")]
    [InlineData("/tmpfile", "ext4")]
    [InlineData("/tmp/my data/run", "xfs")]
    public void A_directory_lies_on_the_mount_that_is_nearest(string directory, string type) =>
        MachineReader.FileSystemOf(directory, Mounts).ShouldBe(type);

    [Fact]
    public void What_was_mounted_over_another_counts() =>
        MachineReader.FileSystemOf("/tmp", [.. Mounts, "overlay /tmp overlay rw 0 0"]).ShouldBe("overlay");

    [Fact]
    public void Without_mounts_the_file_system_is_unknown() => MachineReader.FileSystemOf("/tmp", []).ShouldBe("unknown");

    [Fact]
    public void The_load_is_the_first_number()
    {
        MachineReader.Load(["0.52 0.58 0.59 1/389 12345"]).ShouldBe(0.52);
        MachineReader.Load([]).ShouldBeNull();
    }

    [Fact]
    public void This_machine_can_be_told()
    {
        var machine = MachineReader.Read();

        machine.Processors.ShouldBe(Environment.ProcessorCount);
        machine.Processor.ShouldNotBeNullOrWhiteSpace();
        machine.MemoryGiB.ShouldBeGreaterThan(0);
        machine.Runtime.ShouldStartWith(".NET");
    }
}

using Messaging;

namespace Units.Messaging;

public sealed class RetryPolicyTests
{
    [Fact]
    public void By_default_a_message_is_tried_twice_more_at_once_and_ten_times_later_with_doubling_tiers()
    {
        RetryPolicy.Default.AtOnce.ShouldBe(2);
        RetryPolicy.Default.Later.Select(tier => tier.TotalSeconds).ShouldBe([1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
    }

    [Fact]
    public void Never_means_one_attempt()
    {
        RetryPolicy.Never.AtOnce.ShouldBe(0);
        RetryPolicy.Never.Later.ShouldBeEmpty();
    }

    [Fact]
    public void Tiers_are_added_and_the_policy_they_are_added_to_stays_as_it_was()
    {
        var one = RetryPolicy.Immediately(1).Then(TimeSpan.FromSeconds(1));
        var two = one.Then(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));

        one.Later.Count.ShouldBe(1);
        two.Later.Select(tier => tier.TotalSeconds).ShouldBe([1, 2, 3]);
        two.AtOnce.ShouldBe(1);
    }

    [Fact]
    public void What_makes_no_policy_is_refused()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => RetryPolicy.Immediately(-1)).ParamName.ShouldBe("times");
        Should.Throw<ArgumentOutOfRangeException>(() => RetryPolicy.Immediately(1, TimeSpan.FromSeconds(-1))).ParamName.ShouldBe("pause");
        Should.Throw<ArgumentOutOfRangeException>(() => RetryPolicy.Never.Then(TimeSpan.FromSeconds(-1))).ParamName.ShouldBe("tiers");
        Should.Throw<ArgumentOutOfRangeException>(() => RetryPolicy.Never.ThenExponentially(TimeSpan.Zero, TimeSpan.FromSeconds(1), 1)).ParamName.ShouldBe("first");
        Should.Throw<ArgumentOutOfRangeException>(() => RetryPolicy.Never.ThenExponentially(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), 1)).ParamName.ShouldBe("longest");
    }
}

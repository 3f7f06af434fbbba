using CsCheck;
using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Scheduling;

public class DeadlineHeapTests
{
    [Fact]
    public void The_earliest_deadline_is_first_whatever_was_set_moved_and_removed() =>
        Gen.Select(Gen.Int[0, 20], Gen.Int[-1, 50]).List[0, 200].Sample(steps =>
        {
            var heap = new DeadlineHeap();
            var model = new Dictionary<int, int>();
            foreach (var (slot, at) in steps)
            {
                if (at < 0)
                {
                    heap.Remove(slot);
                    model.Remove(slot);
                }
                else
                {
                    heap.Set(slot, TimeSpan.FromSeconds(at));
                    model[slot] = at;
                }

                Assert.Equal(model.Count, heap.Count);
                Assert.Equal(model.Count > 0, heap.TryPeek(out var first, out var earliest));
                if (model.Count > 0)
                {
                    Assert.Equal(model.Values.Min(), earliest.TotalSeconds);
                    Assert.Equal(model[first], earliest.TotalSeconds);
                }
            }
        });
}

namespace PSRunner.Engine.Storage;

/// <summary>
/// Does what a disk may refuse until it is done: tries again after 1 to 5 s for as long as nobody gives up. Of many threads
/// in trouble the first is told of and the last that recovers, so that they look like one disk.
/// </summary>
/// <param name="onTrouble">Told once, at the first refusal.</param>
/// <param name="onRecovered">Told when nothing is refused any more.</param>
/// <param name="time">The clock of the waits between tries.</param>
internal sealed class DiskTries(Action<IOException> onTrouble, Action onRecovered, TimeProvider time)
{
    /// <summary>The longest wait between two tries.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly object _gate = new();
    private int _troubled;
    private bool _givenUp;

    /// <summary>Ends all tries at their next refusal.</summary>
    public void GiveUp()
    {
        lock (_gate)
        {
            _givenUp = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Does it.</summary>
    /// <returns>False when it was given up.</returns>
    /// <exception cref="RunFolderLostException">No try will help.</exception>
    public bool Until(Action action)
    {
        var delay = FirstDelay;
        for (var troubled = false; ; troubled = true)
        {
            try
            {
                action();
                if (troubled)
                {
                    Count(-1, null);
                }

                return true;
            }
            catch (IOException e) when (e is not RunFolderLostException)
            {
                if (!troubled)
                {
                    Count(+1, e);
                }

                if (!WaitToTryAgain(delay))
                {
                    return false;
                }

                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
        }
    }

    // Under the lock, so that trouble and recovery are told in the order in which they came.
    private void Count(int change, IOException? refusal)
    {
        lock (_gate)
        {
            _troubled += change;
            if (refusal is not null && _troubled == 1)
            {
                onTrouble(refusal);
            }
            else if (refusal is null && _troubled == 0)
            {
                onRecovered();
            }
        }
    }

    /// <summary>Waits without a timer, which needs a thread of the pool; false when the tries are to end.</summary>
    private bool WaitToTryAgain(TimeSpan delay)
    {
        var since = time.GetTimestamp();
        lock (_gate)
        {
            while (!_givenUp && time.GetElapsedTime(since) < delay)
            {
                Monitor.Wait(_gate, LookEvery);
            }

            return !_givenUp;
        }
    }
}

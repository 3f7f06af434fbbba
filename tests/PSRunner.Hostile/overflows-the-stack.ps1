# expect: Crashed worker-crash
# timeout: 60
# The runtime needs seconds to tell where. PowerShell stops recursion of its own code; this array holds itself.
$array = [object[]]::new(1)
$array[0] = $array
[System.Collections.StructuralComparisons]::StructuralEqualityComparer.GetHashCode($array)

import Glibc

/// The parser that this process is about, by the variable that `ci/fuzz` sets.
private let chosen: FuzzTarget? = getenv("BACKSTOP_FUZZ_TARGET").flatMap { name in
  FuzzTarget.all.first { $0.fileName == String(cString: name) }
}

/// Writes the texts that a search begins with into a folder for each parser, where BACKSTOP_FUZZ_SEEDS names one.
@_cdecl("LLVMFuzzerInitialize") public func initializeFuzzer(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer
) -> CInt {
  guard let folder = getenv("BACKSTOP_FUZZ_SEEDS").map({ String(cString: $0) }) else {
    guard chosen != nil else { fatalError("BACKSTOP_FUZZ_TARGET names no parser") }
    return 0
  }
  for target in FuzzTarget.all {
    mkdir("\(folder)/\(target.fileName)", 0o755)
    for (number, seed) in target.inputs.enumerated() {
      let path = "\(folder)/\(target.fileName)/seed-\(number)"
      guard let file = fopen(path, "w"), fwrite(seed, 1, seed.count, file) == seed.count, fclose(file) == 0
      else {
        fatalError("cannot write \(path)")
      }
    }
  }
  exit(0)
}

/// One input of the search.
@_cdecl("LLVMFuzzerTestOneInput") public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int)
  -> CInt
{
  guard let chosen else { return 0 }
  do {
    try chosen.parse(Array(UnsafeBufferPointer(start: data, count: count)))
  } catch let broken as BrokenPromise {
    fatalError(broken.what)
  } catch {
    // To refuse is an answer.
    return 0
  }
  return 0
}

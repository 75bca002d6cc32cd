import CGlibcShims
import Glibc
import StepResults

/// What the libraries that this program is made of need of the machine: where it is not there they end the process by a
/// trap, at any moment. So it is asked before.
enum MachineNeeds {
  /// How many files a step needs to have open at once, and with how many none of its many requests waits.
  private static let neededFiles = 64, wantedFiles = 1024

  /// What is missing; nil where all is there.
  static func lack() -> StepFailure? {
    guard access("/proc/self/task", F_OK) == 0 else {
      return StepFailure(
        .unavailable, "/proc is not there, where the system's libraries look for their own threads",
        advice: "mount it: mount -t proc proc /proc")
    }
    let openFiles = shim_open_files(wantedFiles)
    guard openFiles < 0 || openFiles >= neededFiles else {
      return StepFailure(
        .unavailable, "only \(openFiles) files may be open at once, and a step needs \(neededFiles)",
        advice: "raise the limit: ulimit -n \(wantedFiles)")
    }
    return nil
  }
}

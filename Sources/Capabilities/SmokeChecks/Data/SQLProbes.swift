import CryptoDigests
import DatabaseAccess
import DeploymentConfig
import DeploymentRecords
import StepResults
import SystemInterfaces

/// What answers the queries of probes.
public enum ProbedDatabase: Sendable {
  /// A database.
  case known(any SQLQuerying)
  /// None, and why.
  case unknown(String)
}

/// Checks of the data: queries of the policy, each in a read-only transaction.
public enum SQLProbes {
  /// One chain a probe.
  /// - Parameters:
  ///   - file: the policy file as reports name it.
  ///   - faults: told where psql or the database's credentials could not be had, which says nothing about the data.
  public static func chains(
    _ probes: [SQLProbePolicy], file: String?, database: ProbedDatabase, faults: ControlPlaneFaults
  ) -> [CheckChain] {
    probes.map { probe in
      var check = Check(
        name: probe.name, key: "sql:\(probe.name)", file: file, line: probe.line > 0 ? probe.line : nil
      ) { context in
        await ask(probe, database, context, faults)
      }
      check.isCritical = probe.isCritical
      return CheckChain([check])
    }
  }

  private static func ask(
    _ probe: SQLProbePolicy, _ database: ProbedDatabase, _ context: AttemptContext,
    _ faults: ControlPlaneFaults
  ) async -> AttemptResult {
    let querying: any SQLQuerying
    switch database {
    case .known(let found): querying = found
    case .unknown(let reason): return AttemptResult(.unusable(.sql, reason))
    }
    let left = context.remaining(at: context.clock.now)
    do throws(PsqlError) {
      let rows = try await querying.query(probe.sql, timeout: min(probe.timeout, left))
      var result = AttemptResult(
        SQLProbeRules.verdict(
          probe, rows, before: context.before?.value, isRecording: context.isRecording))
      result.observation = Observation(value: SQLProbeRules.recorded(rows))
      return result
    } catch {
      let message = error.message + (error.advice.isEmpty ? "" : ": \(error.advice)")
      switch error.kind {
      case .unreachable: return .failed(.connectionFailed, message)
      case .timedOut, .failed, .locked: return .failed(.sql, message)
      case .refused: return AttemptResult(.failed(.sql, message, settles: false))
      case .missing:
        faults.note(ControlPlaneError(.missingProgram, error.message, advice: error.advice))
        return AttemptResult(.unusable(.sql, message))
      case .cancelled: return AttemptResult(.skipped(.deadline, "the run was interrupted"))
      case .badAddress, .badSQL, .other: return AttemptResult(.unusable(.sql, message))
      }
    }
  }
}

extension SQLProbes {
  /// What a query about the data came to on a database that nobody uses yet.
  public enum Answer: Hashable, Sendable {
    case passed
    case failed(String)
    /// It could not be asked, or says nothing by itself.
    case unasked(String)
  }

  /// Asks `probe` of `database`.
  /// - Parameter before: what the restore point recorded.
  public static func answer(
    _ probe: SQLProbePolicy, of database: any SQLQuerying, before: String?
  ) async -> Answer {
    do throws(PsqlError) {
      let rows = try await database.query(probe.sql, timeout: probe.timeout)
      switch SQLProbeRules.verdict(probe, rows, before: before, isRecording: false) {
      case .passed: return .passed
      case .failed(_, let why, _): return .failed(why)
      case .skipped(_, let why), .unusable(_, let why): return .unasked(why)
      }
    } catch {
      let why = error.message + (error.advice.isEmpty ? "" : ": \(error.advice)")
      switch error.kind {
      // The login of the snapshot's time is another one: the application could not log in either.
      case .refused, .failed, .badSQL: return .failed(why)
      case .badAddress, .missing, .unreachable, .locked, .timedOut, .cancelled, .other: return .unasked(why)
      }
    }
  }
}

/// What rows mean for a probe.
enum SQLProbeRules {
  /// Whether `rows` are as `probe` expects, all told.
  /// - Parameters:
  ///   - before: what the restore point recorded.
  ///   - isRecording: whether this run makes a restore point, so that there is nothing to compare with yet.
  static func verdict(
    _ probe: SQLProbePolicy, _ rows: ResultRows, before: String?, isRecording: Bool
  ) -> AttemptResult.Verdict {
    func failed(_ text: String) -> AttemptResult.Verdict { .failed(.integrity, text, settles: false) }
    let shown = shown(rows)
    if let expected = probe.equals {
      guard let cell = single(rows) else {
        return .unusable(.sql, "gave \(shown), but equals needs one row with one column")
      }
      guard isSame(cell, expected) else { return failed("gave \(shown), expected \(expected)") }
    }
    if probe.atLeast != nil || probe.atMost != nil {
      guard let number = number(rows) else {
        return .unusable(.sql, "gave \(shown), but at-least and at-most need one number")
      }
      if let least = probe.atLeast, number < least {
        return failed("gave \(shown), expected at least \(rounded(least))")
      }
      if let most = probe.atMost, number > most {
        return failed("gave \(shown), expected at most \(rounded(most))")
      }
    }
    guard let wanted = probe.before, !isRecording else { return .passed }
    guard let before else {
      if probe.equals != nil || probe.atLeast != nil || probe.atMost != nil { return .passed }
      return .skipped(
        .noBaseline,
        "gave \(shown); no restore point has a value to compare with: run preflight-snapshot before deploying"
      )
    }
    switch wanted {
    case .same:
      let now = recorded(rows)
      return now == before ? .passed : failed("gave \(now), before the deployment \(before)")
    case .atLeast(let percent):
      guard let now = number(rows), let then = Double(before) else {
        return .unusable(.sql, "gave \(shown), before \(before): a share needs numbers")
      }
      return now >= then * percent / 100
        ? .passed : failed("gave \(shown), expected at least \(rounded(percent)) % of \(before)")
    }
  }

  /// What a restore point keeps: a number as it is, of everything else the number of rows and a digest, as the data
  /// belong to others.
  static func recorded(_ rows: ResultRows) -> String {
    if let cell = single(rows), let cell, Double(cell) != nil { return cell }
    return "\(rows.rows.count) rows with digest \(rows.digest)"
  }

  private static func single(_ rows: ResultRows) -> String?? {
    rows.rows.count == 1 && rows.rows[0].count == 1 ? .some(rows.rows[0][0]) : nil
  }

  private static func number(_ rows: ResultRows) -> Double? {
    guard let cell = single(rows), let cell, let number = Double(cell), !number.isNaN else { return nil }
    return number
  }

  private static func shown(_ rows: ResultRows) -> String {
    guard let cell = single(rows) else {
      return "\(counted(rows.rows.count, "row")) with \(counted(rows.columns.count, "column"))"
    }
    guard let cell else { return "null" }
    return Double(cell) != nil || ["t", "f"].contains(cell) ? cell : "\"\(cell.prefix(100))\""
  }

  /// As texts, as numbers (`0` is `0.00`), or as PostgreSQL's and YAML's truth values.
  private static func isSame(_ cell: String?, _ expected: String) -> Bool {
    guard let cell else { return false }
    if cell == expected { return true }
    if let left = Double(cell), let right = Double(expected) { return left == right }
    return (cell == "t" && expected == "true") || (cell == "f" && expected == "false")
  }
}

extension ResultRows {
  /// The same for the same rows in the same order.
  fileprivate var digest: String {
    var bytes: [UInt8] = []
    for row in rows {
      for cell in row {
        // Length first: no two different rows give the same bytes.
        bytes += Array("\(cell.map { $0.utf8.count } ?? -1):\(cell ?? "")".utf8)
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    return String(Digest.sha256Hex(bytes).prefix(16))
  }
}

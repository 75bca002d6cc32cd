/**
 * One step of Backstop, as a pipeline step of a shared library whose library path is ci/pipelines/jenkins.
 *
 *   def verdict = backstop(step: 'smoke-test', environment: 'prod', home: '/opt/backstop', options: '--smoke smoke')
 *
 * Returns go, stop or inconclusive. Not enough evidence (3) makes the build unstable; what could not run fails it, and gives
 * no verdict. An aborted build ends here with the exception that Jenkins throws.
 */
def call(Map settings) {
    String name = settings.step
    String environment = settings.environment
    String outputs = "backstop-${name}-${environment}.env"
    int status = 0
    withEnv([
        "BACKSTOP_HOME=${settings.home ?: '/opt/backstop'}",
        "BACKSTOP_STEP=${name}",
        "BACKSTOP_ENVIRONMENT=${environment}",
        "BACKSTOP_OPTIONS=${settings.options ?: ''}",
        "BACKSTOP_OUTPUTS=${outputs}",
    ]) {
        // Settings reach the shell as variables alone, never as text of the script.
        status = sh(
            label: "${name} ${environment}", returnStatus: true,
            script: '"$BACKSTOP_HOME/ci/step" "$BACKSTOP_STEP" "$BACKSTOP_ENVIRONMENT"')
    }
    archiveArtifacts(
        artifacts: ".backstop/${environment}/*.json, .backstop/${environment}/runs/**, ${outputs}",
        allowEmptyArchive: true, fingerprint: true)
    String verdict = ''
    if (fileExists(outputs)) {
        for (line in readFile(outputs).readLines()) {
            if (line.startsWith('BACKSTOP_VERDICT=')) { verdict = line.substring('BACKSTOP_VERDICT='.length()) }
        }
    }
    if (status == 3) {
        unstable("${name}: the evidence does not suffice to say")
        return 'inconclusive'
    }
    if (status == 0) { return verdict ?: 'go' }
    if (status == 1 && verdict == 'stop') { return 'stop' }
    error("${name} could not run: exit code ${status} (${verdict ?: 'no answer'})")
}

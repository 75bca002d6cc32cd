/**
 * The whole chain around a deployment.
 *
 *   guardedDeployment(environment: 'prod', revertOptions: '--confirm rollback-production') {
 *       sh 'npx cdk deploy --all --require-approval never'
 *   }
 *
 * Rolls back where smoke-test or watch-30m said stop, and for nothing else. With `approveRevert: true` a person is asked first.
 * With the Lockable Resources plugin one deployment of an environment runs at a time.
 */
def call(Map settings, Closure deploy) {
    String environment = settings.environment
    def chain = {
        def run = { String name, String options ->
            backstop(step: name, environment: environment, home: settings.home, options: options ?: '')
        }
        stage('preflight-snapshot') {
            if (run('preflight-snapshot', settings.snapshotOptions) == 'stop') {
                error('preflight-snapshot said stop: nothing was deployed')
            }
        }
        stage('deploy') { deploy() }
        String stopped = ''
        Exception unable = null
        for (name in ['smoke-test', 'watch-30m']) {
            stage(name) {
                if (stopped) { return }
                try {
                    String options = name == 'smoke-test' ? settings.smokeOptions : settings.watchOptions
                    if (run(name, options) == 'stop') { stopped = name }
                } catch (Exception problem) {
                    // An aborted build is no answer, and nothing may run after it.
                    if (problem.getClass().name.endsWith('FlowInterruptedException')) { throw problem }
                    // A check that could not run says nothing; the other may still see an outage.
                    unable = problem
                }
            }
        }
        if (stopped) {
            stage('auto-revert') {
                if (settings.approveRevert) { input(message: "${stopped} said stop. Roll ${environment} back?") }
                run('auto-revert', settings.revertOptions)
            }
            error("${stopped} said stop: ${environment} was rolled back, as the log of auto-revert tells")
        }
        if (unable) { throw unable }
    }
    if (settings.lock == false) { chain() } else { lock(resource: "backstop-${environment}") { chain() } }
}

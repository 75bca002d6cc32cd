// Plays a scripted pipeline: the variables of the shared library, with the steps of Jenkins that they use.
// usage: groovy jenkins.groovy VARS-FOLDER WORKSPACE
class FlowInterruptedException extends Exception {}

def vars = new File(args[0])
def workspace = new File(args[1])
def variables = [:]
def result = 'SUCCESS'
def binding = new Binding()
binding.withEnv = { list, body ->
    def before = new HashMap(variables)
    list.each { def at = it.indexOf('='); variables[it.substring(0, at)] = it.substring(at + 1) }
    try { body() } finally { variables.clear(); variables.putAll(before) }
}
binding.sh = { what ->
    def settings = what instanceof Map ? what : [script: what]
    def builder = new ProcessBuilder('bash', '-e', '-c', settings.script).directory(workspace).redirectErrorStream(true)
    builder.environment().putAll(variables)
    def process = builder.start()
    def text = process.inputStream.text
    def status = process.waitFor()
    print text
    // What Jenkins throws where somebody aborted the build, and where the agent is gone.
    if (status == 143) { throw new FlowInterruptedException() }
    if (status == 137) { throw new IOException('the agent went away') }
    if (settings.returnStatus) { return status }
    if (status != 0) { throw new Exception("script returned exit code ${status}") }
}
binding.stage = { name, body -> body() }
binding.lock = { settings, body -> body() }
binding.input = { settings -> }
binding.archiveArtifacts = { settings -> }
binding.unstable = { text -> result = 'UNSTABLE' }
binding.error = { text -> throw new Exception(text) }
binding.fileExists = { name -> new File(workspace, name).exists() }
binding.readFile = { name -> new File(workspace, name).text }
def shell = new GroovyShell(binding)
def library = { name -> shell.parse(new File(vars, "${name}.groovy")) }
def step = library('backstop')
binding.backstop = { settings -> step.call(settings) }
def chain = library('guardedDeployment')
try {
    chain.call([environment: 'prod', home: System.getenv('BACKSTOP_HOME'), revertOptions: "--confirm rollback-production --reason 'a b'"]) {
        binding.getVariable("sh").call("npx cdk deploy --all 'two words'")
    }
} catch (Exception problem) {
    println "FAILURE: ${problem.message}"
    result = 'FAILURE'
}
println result
System.exit(result == 'FAILURE' ? 1 : 0)

import SmokeTest
import StepRuntime

await StepMain<SmokeTestCommand>.main()

import SmokeTest
import StepCommand

await StepMain<SmokeTestCommand>.main()

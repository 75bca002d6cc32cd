import PreflightSnapshot
import StepCommand

await StepMain<PreflightCommand>.main()

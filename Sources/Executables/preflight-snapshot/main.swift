import PreflightSnapshot
import StepRuntime

await StepMain<PreflightCommand>.main()

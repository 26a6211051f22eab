"""`make emulator`: an emulated AWS with the function deployed, for trying stacks until Ctrl-C."""

import shlex
import threading

import emulator


def main():
    print("Building the function; the first time takes some minutes.", flush=True)
    emulator.build()
    with emulator.emulator() as aws:
        token = aws.deploy_handler()
        variables = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": emulator.REGION,
        }
        print(f"The function's ARN (service token): {token}")
        print("In another terminal, in this folder:\n")
        for name, value in variables.items():
            print(f"  export {name}={shlex.quote(value)}")
        print('  export PATH="$PWD/.venv/bin:$PATH"')
        print("  aws cloudformation deploy --stack-name try --template-file examples/google.yaml \\")
        print("    --capabilities CAPABILITY_IAM")
        print("\nCtrl-C stops the emulator and removes its files.", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("\nIt is gone.")


if __name__ == "__main__":
    main()

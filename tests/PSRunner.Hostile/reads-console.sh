# expect: Failed exit-code
# Neither a terminal nor an open standard input: a question is answered by the end of the file.
read -r answer || read -r answer < /dev/tty || exit 3

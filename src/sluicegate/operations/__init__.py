"""What each AWS operation does; one file or folder per service; knows no HTTP."""

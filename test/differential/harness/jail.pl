# jail.pl DIRECTORY COMMAND...: runs the command in a mount namespace of its own in which the whole file system is
# read-only except that directory. Ends with 70, having run nothing, when that can not be had.
use strict;
use warnings;

my ($dir, @command) = @ARGV;
my %numbers = ('x86_64' => { unshare => 272, mount => 165 }, 'aarch64' => { unshare => 97, mount => 40 });
my $machine = `uname -m`;
chomp $machine;
my $number = $numbers{$machine} or stop("unknown machine $machine");
my $mount_setattr = 442;
my ($new_ns, $ms_bind, $ms_private, $ms_rec) = (0x20000, 0x1000, 0x40000, 0x4000);
my ($at_fdcwd, $at_recursive, $rdonly) = (-100, 0x8000, 1);

sub stop { print STDERR "jail.pl: @_\n"; exit 70 }

sub mounted {
  my ($source, $target, $flags) = @_;
  my $none = 'none';
  syscall($number->{mount}, $source, $target, $none, $flags, 0) == 0 or stop("mount $target: $!");
}

# struct mount_attr: attr_set, attr_clr, propagation, userns_fd
sub attributes {
  my ($path, $flags, $set, $clear) = @_;
  my $attr = pack('Q4', $set, $clear, 0, 0);
  syscall($mount_setattr, $at_fdcwd, $path, $flags, $attr, length $attr) == 0 or stop("mount_setattr $path: $!");
}

$dir =~ m{^/.+/lsydiff-[^/]+/(real|ours)$} && -d $dir or stop("'$dir' is not a case's directory");
@command or stop('no command');
my $root = '/';
syscall($number->{unshare}, $new_ns) == 0 or stop("unshare: $!");
mounted($root, $root, $ms_private | $ms_rec);
mounted($dir, $dir, $ms_bind);
attributes($root, $at_recursive, $rdonly, 0);
attributes($dir, 0, 0, $rdonly);
(my $leak = $dir) =~ s{/[^/]+$}{/leak};
if (open my $file, '>', $leak) { unlink $leak; stop('the rest of the file system is still writable') }
open my $own, '>', "$dir/.jailed" or stop("$dir is not writable: $!");
close $own;
unlink "$dir/.jailed";
# The shell's own directory still stands in the mount beneath: enter the writable one.
if ((my $here = $ENV{PWD} // '') =~ m{^\Q$dir\E(/|$)}) { chdir $here or stop("chdir $here: $!") }
exec { $command[0] } @command or stop("exec $command[0]: $!");
